/** Where the environment sends spans, if it says so. */
export const OTLP_ENDPOINT = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
