/** Environment variables that hold secrets. They are masked when the configuration is shown. */
export const SECRETS = [
  'AUTH_SECRET',
  'AUTH_SECRET_SECONDARY',
  'METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;
/** Environment variables that hold a URL with a password in it. */
export const SECRET_URLS = [
  'DATABASE_URL',
  'DIRECT_DATABASE_URL',
  'REDIS_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
] as const;
