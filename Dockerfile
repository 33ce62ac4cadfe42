# callmonitor in a container. docker-compose.yml runs it with all that belongs to it; docs/containers.md tells how.
ARG PYTHON_IMAGE=python:3.13.7-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
# Without pip in it: what runs installs nothing. It is moved to the same path below, where its scripts still hold.
RUN python -m venv --without-pip /opt/callmonitor
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY monitor/ monitor/
RUN python -m pip wheel --no-deps --wheel-dir /wheels . \
    && python -m pip --python /opt/callmonitor/bin/python install --constraint constraints.txt /wheels/*.whl \
    && /opt/callmonitor/bin/callmonitor --version

FROM ${PYTHON_IMAGE}
# The state folder gives a new volume its owner; only callmonitor reads the callers' numbers in it.
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
        callmonitor \
    && install --directory --owner=callmonitor --group=callmonitor --mode=0700 /var/lib/callmonitor
COPY --from=build /opt/callmonitor /opt/callmonitor
ENV PATH=/opt/callmonitor/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 XDG_STATE_HOME=/var/lib
USER callmonitor
EXPOSE 9158
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9158/healthz', timeout=4)"]
ENTRYPOINT ["callmonitor"]
CMD ["run"]
