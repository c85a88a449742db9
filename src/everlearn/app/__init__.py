"""The only place that knows everybody: settings, wiring, subscriptions, the ASGI application, the CLI root."""
