import { createHmac, timingSafeEqual } from "node:crypto"
import { createServer } from "node:http"

/** What it is started with, as JSON. */
export interface Config {
  readonly port: number
  readonly secret: string
}

const { port, secret } = JSON.parse(process.argv[2] ?? "{}") as Config

const accepted = "{\"status\":\"accepted\"}"
const refused = "{\"error\":\"bad signature\"}"

const server = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
    const expected = createHmac("sha256", secret).update(Buffer.concat(chunks)).digest()
    const given = Buffer.from(String(request.headers["x-signature"]), "hex")
    const isSigned = given.length === expected.length && timingSafeEqual(given, expected)
    const text = isSigned ? accepted : refused
    response.writeHead(isSigned ? 202 : 401, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text)
    })
    response.end(text)
  })
})
server.listen(port, "127.0.0.1")
process.once("SIGTERM", () => process.exit())
