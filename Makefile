# Two commands matter: `make demo` runs everything on this machine, `make test` passes the tests.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q

# Real parts that the tests start: broker, database, browser, video tools, RTSP server, renderer.
DEBIAN := mosquitto mosquitto-clients influxdb chromium chromium-driver ffmpeg openssl fonts-dejavu-core \
          python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
          gstreamer1.0-plugins-bad libgl1-mesa-dri libgl1 libegl1 libgles2 libglx-mesa0

.PHONY: demo test check lint types debian clean

demo: $(VENV)/demo.stamp            ## everything on one machine, with a live page
	$(BIN)/simpang demo

test: debian $(VENV)/dev.stamp lint types   ## the whole suite, with real parts
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/dev.stamp lint types         ## what needs no servers

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check . 

types: $(VENV)/dev.stamp
	$(BIN)/mypy edge ingest models sample_videos dashboards

debian:
	@missing=$$(dpkg-query -W -f='$${Package} $${db:Status-Status}\n' $(DEBIAN) 2>/dev/null \
	  | awk '$$2=="installed"{print $$1}' | sort | comm -13 - <(printf '%s\n' $(DEBIAN) | sort)); \
	if [ -n "$$missing" ]; then apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/demo.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[demo]'
	touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

SHELL := /bin/bash
