import { Effect, Schema, type Scope } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"

const Value = Schema.Union(
  Schema.Struct({ stringValue: Schema.String }),
  Schema.Struct({ intValue: Schema.String }),
  Schema.Struct({ doubleValue: Schema.Number }),
  Schema.Struct({ boolValue: Schema.Boolean })
)
const Attributes = Schema.Array(Schema.Struct({ key: Schema.String, value: Value }))
const Hex = (digits: number) => Schema.String.pipe(Schema.pattern(new RegExp(`^[\\da-f]{${digits}}$`)))
const Nanos = Schema.String.pipe(Schema.pattern(/^\d{19}$/))

const Span = Schema.Struct({
  traceId: Hex(32),
  spanId: Hex(16),
  parentSpanId: Schema.optional(Hex(16)),
  name: Schema.String,
  kind: Schema.Int,
  startTimeUnixNano: Nanos,
  endTimeUnixNano: Nanos,
  attributes: Attributes,
  links: Schema.Array(Schema.Struct({ traceId: Hex(32), spanId: Hex(16), attributes: Attributes })),
  status: Schema.Struct({ code: Schema.optional(Schema.Int), message: Schema.optional(Schema.String) })
})
export type Span = typeof Span.Type

const decode = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Struct({
    resourceSpans: Schema.Array(Schema.Struct({
      resource: Schema.Struct({ attributes: Attributes }),
      scopeSpans: Schema.Array(
        Schema.Struct({ scope: Schema.Struct({ name: Schema.String }), spans: Schema.Array(Span) })
      )
    }))
  })),
  { onExcessProperty: "error" }
)

/** What a collector of the tests' own was sent. */
export interface Collector {
  readonly endpoint: string
  /** Every span, with the name of the service that sent it. */
  readonly spans: ReadonlyArray<Span & { readonly service: string }>
  readonly requests: ReadonlyArray<
    { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }
  >
  /** How requests are answered from now on; 0 is not at all. */
  readonly answer: (status: number) => Effect.Effect<void>
}

export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.gen(function*() {
  const spans: Array<Collector["spans"][number]> = []
  const requests: Array<Collector["requests"][number]> = []
  let status = 200
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      const body = Buffer.concat(chunks).toString()
      requests.push({ url: request.url ?? "", headers: request.headers, body })
      if (status === 0) return
      response.writeHead(status, { "content-type": "application/json" }).end("{}")
      if (status >= 300) return
      for (const { resource, scopeSpans } of decode(body).resourceSpans) {
        const service = String(Object.values(resource.attributes.find((_) => _.key === "service.name")?.value ?? {})[0])
        spans.push(...scopeSpans.flatMap((_) => _.spans.map((span) => Object.assign({}, span, { service }))))
      }
    })
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    answer: (next) =>
      Effect.sync(() => {
        status = next
      })
  }
})
