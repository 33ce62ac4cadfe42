"""The Grafana dashboards: what they ask, run against the real things."""
