# One image for every process: `forgewire ingest` unless told `worker`, `api` or another.
# One that can send traces: --build-arg REQUIREMENTS=requirements-otel.txt

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
ARG REQUIREMENTS=requirements.txt
WORKDIR /src
COPY requirements.txt requirements-otel.txt requirements-build.txt ./
# Each layer changes less often than the next: tools, dependencies, Forgewire itself.
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.txt
RUN python -m venv --without-pip /opt/forgewire \
    && pip --python /opt/forgewire/bin/python install --require-hashes -r "$REQUIREMENTS"
COPY . .
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /dist \
    && pip --python /opt/forgewire/bin/python install --no-deps --no-index /dist/*.whl \
    && cp deploy/healthy.py /opt/forgewire/healthy.py

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Forgewire" \
      org.opencontainers.image.licenses="Apache-2.0"
# A container is reached from outside of it; who may reach it is for the network to say.
ENV PATH=/opt/forgewire/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FORGEWIRE_INGEST_BIND=0.0.0.0:8080 \
    FORGEWIRE_API_BIND=0.0.0.0:8081 \
    FORGEWIRE_WORKER_BIND=0.0.0.0:8082 \
    FORGEWIRE_REACTOR_BIND=0.0.0.0:8083 \
    FORGEWIRE_DATA_DIR=/var/lib/forgewire \
    FORGEWIRE_LOG_FORMAT=json
RUN groupadd --system --gid 10001 forgewire \
    && useradd --system --uid 10001 --gid 10001 --no-create-home \
        --home-dir /nonexistent --shell /usr/sbin/nologin forgewire \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/forgewire
COPY --from=build /opt/forgewire /opt/forgewire
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/forgewire
# The only place that is written to, so the root file system may be read-only.
VOLUME /var/lib/forgewire
EXPOSE 8080 8081 8082
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "/opt/forgewire/healthy.py"]
ENTRYPOINT ["forgewire"]
CMD ["ingest"]
