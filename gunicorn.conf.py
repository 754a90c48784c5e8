"""Gunicorn's settings.

https://docs.gunicorn.org/en/stable/settings.html
"""

import os

# Behind a proxy or in a container, BIND says where; on one's own machine nobody else can connect.
bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Longer than the slowest upload that is still welcome.
timeout = 60
# Requests that are under way when the site stops get this long to end.
graceful_timeout = 20
# A worker's heartbeat is a file: in memory, a slow disk cannot make it look dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108 (gunicorn makes an unlinked file of its own in it)
max_requests = 5000
max_requests_jitter = 500
# What is logged of a request is the application's to decide: addresses and queries are personal.
accesslog = None
control_socket_disable = True
