import { createHmac, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Pool } from "pg"
import * as Config from "./Config.ts"
import * as Events from "./Events.ts"
import * as Queues from "./Queues.ts"
import * as RateLimit from "./RateLimit.ts"
import * as Sources from "./Sources.ts"

const maxBytes = 5_242_880
const prefix = "/webhooks/"

const config = Config.read()
const pool = new Pool({ connectionString: config.databaseUrl, max: config.poolSize, min: config.poolSize })
pool.on("error", () => undefined)
const mayHit = RateLimit.make(config.redisUrl, config.ratePerMinute)
const [sources, channel] = await Promise.all([Sources.watch(pool), Queues.open(config)])

const read = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Buffer> = []
    let size = 0
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength
      if (size > maxBytes) request.destroy()
      else chunks.push(chunk)
    }).on("end", () => resolve(Buffer.concat(chunks, size))).on("error", reject)
  })

const isSigned = (secret: string, body: Buffer, signature: unknown): boolean => {
  if (typeof signature !== "string") return false
  const expected = createHmac("sha256", secret).update(body).digest()
  const given = Buffer.from(signature, "hex")
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const answer = (response: ServerResponse, status: number, content: object): void => {
  const text = JSON.stringify(content)
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
  response.end(text)
}

const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await read(request)
  const source = sources((request.url ?? "").slice(prefix.length))
  if (source === undefined) return answer(response, 404, { error: "unknown source" })
  if (!isSigned(source.secret, body, request.headers["x-signature"])) {
    return answer(response, 401, { error: "bad signature" })
  }
  if (!await mayHit(source.id)) return answer(response, 429, { error: "too many requests" })
  const { deliveryIds, eventId } = await Events.store(pool, source, {
    dedupeKey: String(request.headers["x-id"] ?? createHmac("sha256", "").update(body).digest("hex")),
    contentType: request.headers["content-type"] ?? null,
    headers: JSON.stringify(request.headers),
    body
  })
  if (deliveryIds.length === 0) return answer(response, 200, { status: "duplicate" })
  await Promise.all(deliveryIds.map((id) => Queues.publish(channel, config.queue, id)))
  answer(response, 202, { eventId, status: "accepted" })
}

const server = createServer((request, response) => {
  take(request, response).catch(() => answer(response, 503, { error: "try again" }))
})
server.listen(config.port, "127.0.0.1")
process.once("SIGTERM", () => process.exit())
