import { Either } from "effect"
import type { Encoding } from "./Language.ts"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Form } from "./Scheme.ts"
import { describe, type Place, type Source, values } from "./Source.ts"

/** A rotation needs two; the bound keeps a hostile request from buying many comparisons. */
const maxCandidates = 16
const maxLength = 8_192

/** The places where a signature may stand, in words. */
export const places = (at: ReadonlyArray<Source>): string => at.map(describe).join(" or ")

/** What stands at the first of the places where something was sent, which must stand there once. */
export const carried = (at: ReadonlyArray<Source>, place: Place): Either.Either<string, Refusal> => {
  for (const source of at) {
    const found = values(source, place)
    const [value] = found
    if (value === undefined) continue
    if (found.length > 1) {
      return refuse("signature_repeated", `The ${describe(source)} was sent ${found.length} times instead of once.`)
    }
    return value.length > maxLength
      ? refuse("signature_malformed", `The ${describe(source)} is longer than ${maxLength} characters.`)
      : Either.right(value)
  }
  return refuse("signature_missing", `The ${places(at)} is missing.`)
}

/** The named parts of a list, each with all its values; of a plain signature there are none. */
export const parts = (form: Form, value: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const found = new Map<string, Array<string>>()
  if ("prefix" in form) return found
  for (const item of value.split(form.separator)) {
    const at = item.indexOf(form.assign)
    if (at < 0) continue
    const key = item.slice(0, at).trim()
    const values = found.get(key) ?? []
    found.set(key, values)
    values.push(item.slice(at + form.assign.length).trim())
  }
  return found
}

interface Writing {
  readonly at: ReadonlyArray<Source>
  readonly form: Form
  readonly encoding: Encoding
}

/** Every signature that was carried, decoded. */
export const candidates = (writing: Writing, value: string): Either.Either<ReadonlyArray<Uint8Array>, Refusal> => {
  const texts = texted(writing.form, value)
  const decoded = texts.slice(0, maxCandidates).flatMap((text) => decode(writing.encoding, text))
  return decoded.length > 0
    ? Either.right(decoded)
    : refuse("signature_malformed", `The ${places(writing.at)} carries no ${expected(writing)}.`)
}

const texted = (form: Form, value: string): ReadonlyArray<string> => {
  if (!("prefix" in form)) return parts(form, value).get(form.key) ?? []
  const text = value.trim()
  if (text.startsWith(form.prefix)) return [text.slice(form.prefix.length)]
  return form.optional ? [text] : []
}

const patterns: Record<Encoding, RegExp> = {
  hex: /^(?:[0-9a-f]{2})+$/i,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  base64url: /^[A-Za-z0-9_-]+={0,2}$/
}

/** The bytes of a text in the encoding. Node decodes what it can and drops the rest, so the form is checked first. */
export const decode = (encoding: Encoding, text: string): ReadonlyArray<Uint8Array> =>
  patterns[encoding].test(text) ? [Buffer.from(text, encoding)] : []

const expected = ({ encoding, form }: Writing): string => {
  if (!("prefix" in form)) return `${encoding} signature as ${form.key}${form.assign}…`
  return form.prefix === "" || form.optional ? `${encoding} signature` : `${encoding} signature after ${form.prefix}`
}
