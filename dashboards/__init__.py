"""The Grafana dashboards: Python that writes `ko/*.json` and `en/*.json`. `make dashboards` runs it."""
