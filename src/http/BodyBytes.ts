/** The bytes of a body as they come. */
export interface BodyBytes {
  readonly size: () => number
  readonly add: (chunk: Buffer) => void
  /** All of them, in one piece. */
  readonly whole: () => Buffer
}

/**
 * Puts chunks together as they come, in a buffer that doubles: chunks kept by themselves cost hundreds of bytes each,
 * however few they hold. A body that comes in one chunk is not copied.
 */
export const make = (): BodyBytes => {
  let bytes: Buffer = Buffer.alloc(0)
  let size = 0
  const grow = (least: number) => {
    const larger = Buffer.allocUnsafe(Math.max(least, 2 * bytes.byteLength))
    bytes.copy(larger, 0, 0, size)
    bytes = larger
  }
  return {
    size: () => size,
    add: (chunk) => {
      if (size === 0) bytes = chunk
      else {
        if (size + chunk.byteLength > bytes.byteLength) grow(size + chunk.byteLength)
        chunk.copy(bytes, size)
      }
      size += chunk.byteLength
    },
    whole: () => bytes.subarray(0, size)
  }
}
