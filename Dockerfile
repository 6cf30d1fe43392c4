# One image for every service: `docker run revloop python -m services.<name>`.
# Not yet run here: written for Docker 24 or later, kept in step with the Makefile by hand.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /revloop
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY revloop revloop
COPY services services
COPY standins standins
RUN .venv/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 revloop && install -d -o revloop -g revloop /var/lib/revloop
WORKDIR /revloop
COPY --from=build /revloop /revloop
COPY policies policies
COPY schemas schemas
COPY examples examples
ENV PATH=/revloop/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    REVLOOP_HOME=/var/lib/revloop \
    REVLOOP_HOST=0.0.0.0 \
    REVLOOP_PORT=8080
USER revloop
VOLUME /var/lib/revloop
EXPOSE 8080
CMD ["revloop", "--help"]
