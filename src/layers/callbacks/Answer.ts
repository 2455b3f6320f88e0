import { Predicate } from "effect"
import { PassThrough, pipeline, type Readable } from "node:stream"
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib"

/** Takes an answer's body as it comes, until it is told to be read or failed. */
export interface Reader {
  readonly take: (chunk: Buffer, flow: { readonly pause: () => void; readonly resume: () => void }) => void
  readonly end: () => void
}

/** Who is told the beginning of a body as text, perhaps before its end, or why it could not be read. */
export interface Listener {
  readonly read: (text: string) => void
  readonly failed: (cause: unknown) => void
}

// Read at most, after decompression; kept at most.
const readBytes = 65_536
const keptBytes = 4_096

export const reader = (encoding: string | ReadonlyArray<string> | undefined, listener: Listener): Reader => {
  const unpack = Predicate.isString(encoding) ? unpackers[encoding.toLowerCase()] : undefined
  return unpack === undefined ? plain(listener) : packed(unpack, listener)
}

const plain = ({ read }: Listener): Reader => {
  const chunks: Array<Buffer> = []
  let size = 0
  return {
    take: (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= readBytes) read(textOf(chunks))
    },
    end: () => read(textOf(chunks))
  }
}

const packed = (unpack: Unpacker, { failed, read }: Listener): Reader => {
  const source = new PassThrough()
  beginning(pipeline(source, unpack(), ignore)).then(read, failed)
  return {
    take: (chunk, flow) => {
      if (source.destroyed || source.write(chunk)) return
      flow.pause()
      source.once("drain", () => flow.resume())
    },
    end: () => source.end()
  }
}

const beginning = async (body: Readable): Promise<string> => {
  const chunks: Array<Buffer> = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(Buffer.from(chunk))
      size += chunk.length
      if (size >= readBytes) break
    }
  } catch (cause) {
    // The status came through; only what was said with it cannot be read.
    if (!isDecompression(cause)) throw cause
  }
  return textOf(chunks)
}

// PostgreSQL keeps no NUL in text.
const textOf = (chunks: ReadonlyArray<Buffer>): string =>
  chunks.length === 0
    ? ""
    : Buffer.concat(chunks).subarray(0, keptBytes).toString("utf8").replaceAll("\u0000", "\ufffd")

type Unpacker = typeof createGunzip | typeof createInflate | typeof createBrotliDecompress

const unpackers: Readonly<Record<string, Unpacker>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress
}

// The reader sees the failure too.
const ignore = () => undefined

const isDecompression = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "code") && /^(?:Z_|ERR_BROTLI|ERR__ERROR|ERR_PADDING)/.test(String(cause.code))
