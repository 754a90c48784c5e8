"""Settings: `local` is what `make run` starts, `production` what a server runs, `test` what pytest uses."""
