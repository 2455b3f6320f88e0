import { FastCheck } from "effect"
import { createHmac, randomUUID } from "node:crypto"
import { bytes, type Sent } from "../Connection.ts"
import * as Calls from "./Calls.ts"
import * as Requests from "./Requests.ts"
import * as Webhooks from "./Webhooks.ts"

export interface Aim {
  readonly slug: string
  readonly secret: string
  readonly key: string
  readonly routes: ReadonlyArray<Calls.Route>
}

/** So many requests on one connection. */
export interface Line {
  readonly requests: number
  /** New each time where it asks for something that nobody asked for before. */
  readonly write: () => Sent
}

const farewell = bytes("GET /api/v1/health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")

const webhook = (slug: string, headers: ReadonlyArray<string>, body: Uint8Array): Uint8Array =>
  Buffer.concat([
    bytes(
      [`POST /api/v1/webhooks/${slug} HTTP/1.1`, "host: a", ...headers, `content-length: ${body.length}`, "", ""].join(
        "\r\n"
      )
    ),
    body
  ])

/** A stranger's integration, with a URL as long as they come. */
const stranger = (): Uint8Array => webhook(`${randomUUID().slice(0, 18)}-nobody?${"x".repeat(10_000)}`, [], bytes("{}"))

/** Hostile requests of every kind, many on a connection where they are HTTP at all. */
const lines = ({ key, routes, secret, slug }: Aim): FastCheck.Arbitrary<Line> => {
  const right = (body: Uint8Array) => createHmac("sha256", secret).update(body).digest("hex")
  const signing = { header: "x-signature", now: () => 0, right }
  const call = Calls.call(routes, Calls.names).map((call) =>
    Buffer.concat([...Calls.written(call, { key, slug: "mixed", real: {}, more: true }).pieces])
  )
  const signed = FastCheck.tuple(Webhooks.body, Webhooks.others).map(([body, others]) =>
    webhook(slug, [...others, `x-signature: ${right(body)}`], body)
  )
  const forged = Webhooks.body.chain((body) =>
    Webhooks.forged(signing, body).map((headers) => webhook(slug, headers, body))
  )
  const orderly = FastCheck.array(FastCheck.oneof(call, signed, forged), { minLength: 6, maxLength: 6 }).map(
    (requests): Line => ({
      requests: requests.length + 2,
      write: () => ({ pieces: [...requests, stranger(), farewell], ends: false })
    })
  )
  const disorderly = Requests.hostile([`/api/v1/webhooks/${slug}`, ...routes.map((_) => _.template)], [
    `POST /api/v1/webhooks/${slug} HTTP/1.1\r\nhost: a\r\nx-signature: ${
      right(bytes("{}"))
    }\r\ncontent-length: 2\r\n\r\n{}`
  ]).map((sent): Line => ({ requests: 1, write: () => ({ ...sent, ends: true }) }))
  return FastCheck.oneof({ arbitrary: orderly, weight: 1 }, { arbitrary: disorderly, weight: 2 })
}

/** The same lines for the same seed. */
export const sample = (aim: Aim, seed: number, count: number): ReadonlyArray<Line> =>
  FastCheck.sample(lines(aim), { seed, numRuns: count })
