import { Predicate } from "effect"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream"
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib"

// Read at most, after decompression; kept at most.
const readBytes = 65_536
const keptBytes = 4_096

/** The beginning of an answer's body as text. What is longer is cut off, together with its connection. */
export const beginning = async (body: Readable, encoding: string | undefined): Promise<string> => {
  const chunks: Array<Buffer> = []
  let size = 0
  try {
    for await (const chunk of decompressed(body, encoding)) {
      chunks.push(Buffer.from(chunk))
      size += chunk.length
      if (size >= readBytes) break
    }
  } catch (cause) {
    // The status came through; only what was said with it cannot be read.
    if (!isDecompression(cause)) throw cause
  }
  // PostgreSQL keeps no NUL in text.
  return Buffer.concat(chunks).subarray(0, keptBytes).toString("utf8").replaceAll("\u0000", "\ufffd")
}

const decompressed = (body: Readable, encoding: string | undefined): Readable => {
  switch (encoding?.toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return pipeline(body, createGunzip(), ignore)
    case "deflate":
      return pipeline(body, createInflate(), ignore)
    case "br":
      return pipeline(body, createBrotliDecompress(), ignore)
    default:
      return body
  }
}

// The reader sees the failure too.
const ignore = () => undefined

const isDecompression = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "code") && /^(?:Z_|ERR_BROTLI|ERR__ERROR|ERR_PADDING)/.test(String(cause.code))
