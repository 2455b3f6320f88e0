import { createHmac } from "node:crypto"
import type { Socket } from "node:net"
import * as Ids from "../wire/Ids.ts"
import type { Volley } from "./Volley.ts"

/** The requests of a volley, ready to be written. */
export interface Requests {
  /** Which webhook each carries. */
  readonly numbers: Uint32Array
  readonly write: (socket: Socket, place: number) => void
}

/** A body of up to so many bytes goes out together with its head. */
const small = 16_384
const words = ["enamel", "mug", "linen", "lamp", "oak", "tray", "wool", "blanket", "brass", "hook", "glass", "jar"]

/** Items of an order, the same for each caller. They are as varied as real ones: a database may compress them. */
const items = function*(): Generator<string> {
  let state = 4_711
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
  const word = () => words[random(words.length)]
  const hex = () => random(2 ** 32).toString(16).padStart(8, "0")
  while (true) {
    yield `{"id":"li_${hex()}${hex()}${hex()}","sku":"SKU-${random(9_000) + 1_000}","name":"${word()} ${word()}",` +
      `"quantity":${random(9) + 1},"price":{"amount":${random(90_000)},"currency":"EUR"}},`
  }
}

/** What follows the id in every body of a size: an order with as many items as fit. */
const restOf = (bytes: number): string => {
  const opening = "\",\"type\":\"order.paid\",\"created\":1790000000,\"data\":{\"items\":["
  const closing = "{}]},\"note\":\""
  const end = "\"}"
  let room = bytes - opening.length - closing.length - end.length
  const fitting: Array<string> = []
  for (const item of items()) {
    if (item.length > room) break
    fitting.push(item)
    room -= item.length
  }
  return opening + fitting.join("") + closing + "x".repeat(Math.max(0, room)) + end
}

const beginning = "{\"id\":\""

export const make = (volley: Volley): Requests => {
  const { batch, bodyBytes, count, forged, path } = volley
  const numbers = Uint32Array.from({ length: count }, (_, place) => numberAt(volley, place))
  const ids = Array.from(numbers, (number) => Ids.make(batch, number))
  const opening = beginning + Ids.make(batch, 0)
  const rest = restOf(bodyBytes - opening.length)
  const secret = forged ? `not ${volley.secret}` : volley.secret
  const signatures = Array.from(
    ids,
    (id) => createHmac("sha256", secret).update(beginning).update(id).update(rest).digest("hex")
  )
  const length = opening.length + rest.length
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: */*\r\n` +
    `content-type: application/json\r\ncontent-length: ${length}\r\n`
  const textOf = (place: number): string =>
    `${head}x-id: ${ids[place]}\r\nx-signature: ${signatures[place]}\r\n\r\n${beginning}${ids[place]}`
  if (length <= small) {
    return { numbers, write: (socket, place) => void socket.write(textOf(place) + rest, "latin1") }
  }
  const bytes = Buffer.from(rest, "latin1")
  return {
    numbers,
    write: (socket, place) => {
      socket.cork()
      socket.write(textOf(place), "latin1")
      socket.write(bytes)
      socket.uncork()
    }
  }
}

/** Copies come so many turns of every connection after their original, when that is answered. */
const turns = 2

/** Which webhook the request at a place carries. */
export const numberAt = ({ connections, copies, count }: Volley, place: number): number => {
  if (!copies) return place
  const half = Math.floor(place / 2)
  if (place % 2 === 0) return half
  const original = half - connections * turns
  return original >= 0 ? original : count + place
}
