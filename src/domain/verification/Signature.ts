import { Either, Option, Record, Redacted } from "effect"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Request } from "./Request.ts"
import type { Encoding, Form, Hmac, Key } from "./Scheme.ts"

/** A rotation needs two; the bound keeps a hostile header from buying many comparisons. */
const maxCandidates = 16
const maxHeaderLength = 8_192

/** The first of the headers that was sent, which must stand there once. */
export const header = (names: ReadonlyArray<string>, request: Request): Either.Either<string, Refusal> => {
  for (const name of names) {
    const values = Option.getOrElse(Record.get(request.headers, name), () => [])
    const [value] = values
    if (value === undefined) continue
    if (values.length > 1) {
      return refuse("signature_repeated", `The header ${name} was sent ${values.length} times instead of once.`)
    }
    return value.length > maxHeaderLength
      ? refuse("signature_malformed", `The header ${name} is longer than ${maxHeaderLength} characters.`)
      : Either.right(value)
  }
  return refuse("signature_missing", `The header ${names.join(" or ")} is missing.`)
}

/** The named parts of a list, each with all its values; of a plain header there are none. */
export const parts = (form: Form, value: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const found = new Map<string, Array<string>>()
  if (form._tag === "Plain") return found
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

/** Every signature that the header carries, decoded. */
export const candidates = (hmac: Hmac, value: string): Either.Either<ReadonlyArray<Uint8Array>, Refusal> => {
  const texts = texted(hmac.form, value)
  const decoded = texts.slice(0, maxCandidates).flatMap((text) => decode(hmac.encoding, text))
  return decoded.length > 0
    ? Either.right(decoded)
    : refuse("signature_malformed", `The header ${hmac.headers.join(" or ")} carries no ${expected(hmac)}.`)
}

/** The bytes of the key that a secret's text stands for. */
export const key = ({ encoding, stripPrefix }: Key, secret: Redacted.Redacted): Uint8Array => {
  const text = Redacted.value(secret)
  return Buffer.from(text.startsWith(stripPrefix) ? text.slice(stripPrefix.length) : text, encoding)
}

const texted = (form: Form, value: string): ReadonlyArray<string> => {
  if (form._tag === "List") return parts(form, value).get(form.key) ?? []
  const text = value.trim()
  if (text.startsWith(form.prefix)) return [text.slice(form.prefix.length)]
  return form.prefixOptional ? [text] : []
}

const patterns: Record<Encoding, RegExp> = {
  hex: /^(?:[0-9a-f]{2})+$/i,
  base64: /^[A-Za-z0-9+/]+={0,2}$/,
  base64url: /^[A-Za-z0-9_-]+={0,2}$/
}

// Node decodes what it can and drops the rest, so the form is checked first.
const decode = (encoding: Encoding, text: string): ReadonlyArray<Uint8Array> =>
  patterns[encoding].test(text) ? [Buffer.from(text, encoding)] : []

const expected = ({ encoding, form }: Hmac): string =>
  form._tag === "List"
    ? `${encoding} signature as ${form.key}${form.assign}…`
    : form.prefix === "" || form.prefixOptional
    ? `${encoding} signature`
    : `${encoding} signature after ${form.prefix}`
