"""How readings and corrections move over time, version by version, and the alert when corrections rise."""
