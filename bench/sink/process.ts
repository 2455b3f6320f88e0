import { createServer, type Socket } from "node:net"
import * as Framing from "../wire/Framing.ts"
import * as Monotonic from "../wire/Monotonic.ts"
import * as Book from "./Book.ts"
import type { Behaviour, Said, Told } from "./Sink.ts"

const say = (said: Said) => process.send?.(said)
const accepted = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
const target = /^POST \/(\S*) /
const idHeader = /\r\nx-id: *(\S+)/i

let book = Book.make()
let behaviour: Behaviour = { delayMs: 0, status: 500, failing: 0 }

// As `load/Requests` makes them, and what stands in the database before.
const isWhole = (id: string, { ending, opening }: Framing.Body): boolean =>
  opening.startsWith(`{"id":"${id}"`) && ending === "\"}"

const take = (socket: Socket, head: string, body: Framing.Body): void => {
  const destination = target.exec(head)?.[1]
  const id = idHeader.exec(head)?.[1]
  if (destination === undefined || id === undefined) {
    socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    return
  }
  const answer = book.note(destination, id, { at: Monotonic.now(), isWhole: isWhole(id, body) }, behaviour)
    ? accepted
    : `HTTP/1.1 ${behaviour.status} Refused\r\ncontent-length: 0\r\n\r\n`
  if (behaviour.delayMs === 0) socket.write(answer)
  else setTimeout(() => socket.write(answer), behaviour.delayMs)
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", Framing.make((head, body) => take(socket, head, body))).on("error", () => undefined)
})

const obey = (told: Told): Said => {
  switch (told.tell) {
    case "behave":
      behaviour = told.behaviour
      return { say: "done" }
    case "count":
      return { say: "counted", ...book.count() }
    case "collect":
      return { say: "pages", pages: book.pages() }
    case "forget":
      book = Book.make()
      return { say: "done" }
  }
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.on("message", (told: Told) => say(obey(told)))
  say({ say: "listening", port: typeof address === "object" && address !== null ? address.port : 0 })
})
// The bench is gone, and with it whoever would want to know.
process.once("disconnect", () => process.exit())
