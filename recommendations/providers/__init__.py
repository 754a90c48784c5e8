"""Where music is resolved and played; choosing it needs none of them."""
