const noBytes = Buffer.alloc(0)
const headEnd = Buffer.from("\r\n\r\n")

/**
 * Takes the HTTP messages out of a connection's chunks and hands over each one's head once its body is there. Bodies are
 * only counted, by their content-length; one of another kind is not understood.
 */
export const make = (onMessage: (head: string) => void): (chunk: Buffer) => void => {
  let rest: Buffer = noBytes
  let head = ""
  let missing = 0
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
      } else {
        const taken = Math.min(missing, bytes.length - from)
        from += taken
        missing -= taken
      }
      if (missing === 0) onMessage(head)
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
