import { FastCheck } from "effect"

/** A request on a line of several: as text, and what must be its answer. */
export interface Step {
  readonly request: string
  /** Some of the requests of a step have several right answers. */
  readonly status: number
  /** What the answer must show. */
  readonly shows: string
  /** The body of the event that is to be stored. */
  readonly stores?: string
}

export interface Ground {
  readonly slug: string
  readonly key: string
  readonly sign: (body: string) => string
}

const framed = (line: string, headers: ReadonlyArray<string>, body: string, chunk: number): string => {
  const framing = chunk === 0 ? `content-length: ${Buffer.byteLength(body)}` : "transfer-encoding: chunked"
  return [line, "host: gateway", ...headers, framing, "", chunk === 0 ? body : chunked(body, chunk)].join("\r\n")
}

const chunked = (body: string, size: number): string => {
  const chunks = body.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []
  return [...chunks.map((_) => `${_.length.toString(16)};a="b"\r\n${_}\r\n`), "0\r\nx-late: 1\r\n\r\n"].join("")
}

/** Requests of which each holds others in its body, which are nobody's to carry out. */
const inner = (ground: Ground): FastCheck.Arbitrary<string> =>
  FastCheck.constantFrom(
    "GET /api/v1/integrations HTTP/1.1\r\nhost: a\r\n\r\n",
    `GET /api/v1/integrations HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ground.key}\r\n\r\n`,
    `POST /api/v1/webhooks/${ground.slug} HTTP/1.1\r\nhost: a\r\nx-signature: ${
      ground.sign("{\"smuggled\":1}")
    }\r\ncontent-length: 14\r\n\r\n{"smuggled":1}`,
    "0\r\n\r\nGET /api/v1/integrations HTTP/1.1\r\nhost: a\r\n\r\n",
    "",
    "{}"
  )

const kinds = [
  "alive",
  "listed with the key",
  "listed without",
  "webhook",
  "forged webhook",
  "webhook for nobody",
  "created without the key",
  "nothing there",
  "a body where none belongs"
] as const

/** A step of any kind with a name of its own; with the key or a signature only where the kind has it. */
export const step = (ground: Ground): FastCheck.Arbitrary<Step> =>
  FastCheck.tuple(
    FastCheck.constantFrom(...kinds),
    FastCheck.uuid(),
    FastCheck.constantFrom(0, 0, 1, 7, 1_000),
    inner(ground)
  ).map(([kind, name, chunk, inner]): Step => {
    const webhook = `POST /api/v1/webhooks/${ground.slug} HTTP/1.1`
    const body = JSON.stringify({ name, inner })
    switch (kind) {
      case "alive":
        return { request: "GET /api/v1/health/live HTTP/1.1\r\nhost: a\r\n\r\n", status: 200, shows: "\"ok\"" }
      case "listed with the key":
        return {
          request: `GET /api/v1/events?type=${name} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ground.key}\r\n\r\n`,
          status: 200,
          shows: "\"data\":[]"
        }
      case "listed without":
        return {
          request: `GET /api/v1/integrations HTTP/1.1\r\nhost: a\r\n\r\n`,
          status: 401,
          shows: "unauthorized"
        }
      case "webhook":
        return {
          request: framed(webhook, [`x-signature: ${ground.sign(body)}`], body, chunk),
          status: 202,
          shows: "accepted",
          stores: body
        }
      case "forged webhook":
        return {
          request: framed(webhook, [`x-signature: ${ground.sign(name)}`], body, chunk),
          status: 401,
          shows: "signature_invalid"
        }
      case "webhook for nobody":
        return {
          request: framed(`POST /api/v1/webhooks/${name} HTTP/1.1`, [], inner, chunk),
          status: 404,
          shows: "not_found"
        }
      case "created without the key":
        return {
          request: framed("POST /api/v1/integrations HTTP/1.1", [], inner, chunk),
          status: 401,
          shows: "unauthorized"
        }
      case "nothing there":
        return { request: framed(`PUT /${name} HTTP/1.1`, [], inner, chunk), status: 404, shows: "not_found" }
      case "a body where none belongs":
        return {
          request: framed(
            `GET /api/v1/integrations/${name} HTTP/1.1`,
            [`authorization: Bearer ${ground.key}`],
            inner,
            chunk
          ),
          status: 404,
          shows: "not_found"
        }
    }
  })
