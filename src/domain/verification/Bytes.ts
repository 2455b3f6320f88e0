import { Predicate } from "effect"
import { timingSafeEqual } from "node:crypto"

/** Whether they are the same, in a time that tells nothing but their length. */
export const equal = (sent: Uint8Array, expected: Uint8Array): boolean =>
  sent.byteLength === expected.byteLength && timingSafeEqual(sent, expected)

/** Texts and bytes in one piece, texts as UTF-8. */
export const joined = (content: ReadonlyArray<string | Uint8Array>): Buffer =>
  Buffer.concat(content.map((piece) => Predicate.isString(piece) ? Buffer.from(piece) : piece))
