FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TF_CPP_MIN_LOG_LEVEL=2 \
    DJANGO_SETTINGS_MODULE=mood_music.settings.production \
    DATA_DIR=/data \
    BIND=0.0.0.0:8000
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin mood
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
USER mood
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "mood_music.wsgi"]
