import type { Span } from "../../services/ports/Traces.ts"

const scope = { name: "sluice" }

// Of the OpenTelemetry protocol.
const kinds = { server: 2, client: 3, producer: 4, consumer: 5 } as const
const failed = 2

/** An export request for `/v1/traces`, in the protocol's JSON. */
export const request = (serviceName: string, spans: ReadonlyArray<Span>) => ({
  resourceSpans: [{
    resource: { attributes: attributes({ "service.name": serviceName }) },
    scopeSpans: [{ scope, spans: spans.map(span) }]
  }]
})

const span = ({ endedAt, failure, kind, links, name, parentId, spanId, startedAt, traceId, ...rest }: Span) => ({
  traceId,
  spanId,
  ...(parentId === null ? {} : { parentSpanId: parentId }),
  name,
  kind: kinds[kind],
  startTimeUnixNano: nanos(startedAt),
  endTimeUnixNano: nanos(Math.max(startedAt, endedAt)),
  attributes: attributes(rest.attributes),
  links: links.map((link) => ({ ...link, attributes: [] })),
  status: failure === null ? {} : { code: failed, message: failure }
})

// Beyond what a JavaScript number tells apart.
const nanos = (millis: number): string => `${BigInt(Math.round(millis * 1_000))}000`

const attributes = (values: Span["attributes"]) =>
  Object.entries(values).map(([key, value]) => ({ key, value: of(value) }))

const of = (value: string | number | boolean) => {
  switch (typeof value) {
    case "string":
      return { stringValue: value }
    case "boolean":
      return { boolValue: value }
    case "number":
      return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
}
