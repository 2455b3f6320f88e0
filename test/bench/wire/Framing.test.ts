import { assert, describe, it } from "@effect/vitest"
import * as Framing from "../../../bench/wire/Framing.ts"

const messages = "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello" +
  "HTTP/1.1 204 No Content\r\n\r\n" +
  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: y\r\n\r\n"
const heads = [
  "HTTP/1.1 202 Accepted\r\nContent-Length: 5",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: y"
]

describe("framing", () => {
  it("finds the messages however the bytes are cut", () => {
    const bytes = Buffer.from(messages)
    for (let size = 1; size <= bytes.length; size += 1) {
      const found: Array<string> = []
      const take = Framing.make((head) => found.push(head))
      for (let from = 0; from < bytes.length; from += size) take(bytes.subarray(from, from + size))
      assert.deepStrictEqual(found, heads)
    }
  })

  it("tells both ends of each body, however the bytes are cut", () => {
    const long = `{"id":"x"${" ".repeat(100)}}`
    const bytes = Buffer.from(
      ["hello", "", long].map((_) => `POST / HTTP/1.1\r\ncontent-length: ${_.length}\r\n\r\n${_}`).join("")
    )
    for (let size = 1; size <= bytes.length; size += 1) {
      const found: Array<Framing.Body> = []
      const take = Framing.make((_, body) => found.push(body))
      for (let from = 0; from < bytes.length; from += size) take(bytes.subarray(from, from + size))
      assert.deepStrictEqual(found, [
        { opening: "hello", ending: "lo" },
        { opening: "", ending: "" },
        { opening: long.slice(0, 64), ending: " }" }
      ])
    }
  })

  it("hands a message over only with its last byte", () => {
    const found: Array<string> = []
    const take = Framing.make((head) => found.push(head))
    take(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"))
    assert.deepStrictEqual(found, [])
    take(Buffer.from("c"))
    assert.lengthOf(found, 1)
  })

  it("does not guess where a chunked body ends", () => {
    const take = Framing.make(() => undefined)
    assert.throws(() => take(Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")), "chunked")
  })
})
