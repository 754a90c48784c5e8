"""Spotify: resolves what was recommended, shows and plays it, saves it as a playlist. The site is whole without."""
