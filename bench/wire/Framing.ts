const noBytes = Buffer.alloc(0)
const headEnd = Buffer.from("\r\n\r\n")

/** The ends of a body, as far as one looks at them. */
export interface Body {
  readonly opening: string
  readonly ending: string
}

const openingBytes = 64
const endingBytes = 2

/**
 * Takes the HTTP messages out of a connection's chunks and hands over each one's head, and both ends of its body, once that
 * is there. Bodies are told by their content-length; one of another kind is not understood.
 */
export const make = (onMessage: (head: string, body: Body) => void): (chunk: Buffer) => void => {
  let rest: Buffer = noBytes
  let head = ""
  let missing = 0
  let opening = ""
  let ending = ""
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    rest = noBytes
    let from = 0
    while (from < bytes.length) {
      if (missing === 0) {
        const end = bytes.indexOf(headEnd, from)
        if (end < 0) {
          rest = bytes.subarray(from)
          return
        }
        head = bytes.toString("latin1", from, end)
        from = end + headEnd.length
        missing = lengthOf(head)
        opening = ""
        ending = ""
      } else {
        const taken = Math.min(missing, bytes.length - from)
        const until = from + taken
        if (opening.length < openingBytes) {
          opening += bytes.toString("latin1", from, Math.min(until, from + openingBytes - opening.length))
        }
        ending = (ending + bytes.toString("latin1", Math.max(from, until - endingBytes), until)).slice(-endingBytes)
        from = until
        missing -= taken
      }
      if (missing === 0) onMessage(head, { opening, ending })
    }
  }
}

const contentLength = /\r\ncontent-length: *(\d+)/i
const isChunked = /\r\ntransfer-encoding: *chunked/i

const lengthOf = (head: string): number => {
  const length = contentLength.exec(head)?.[1]
  if (length === undefined && isChunked.test(head)) throw new Error(`a chunked body is not understood: ${head}`)
  return Number(length ?? 0)
}
