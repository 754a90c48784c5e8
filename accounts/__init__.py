"""Who a person is to the site: sign-up, log-in, sessions."""
