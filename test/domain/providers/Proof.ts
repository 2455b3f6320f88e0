import { Option, Predicate } from "effect"
import * as JsonBody from "../../../src/domain/JsonBody.ts"
import * as JsonPath from "../../../src/domain/JsonPath.ts"
import type { Place, Signed } from "../../../src/simulate/senders/Sender.ts"
import type { Sent } from "../verification/Requests.ts"

type Change = (text: string) => string

/** What stands where a request carries its proof. */
export const read = (place: Place, { body, headers }: Signed): string => {
  if ("header" in place) return headers[place.header] ?? ""
  if ("form" in place) return new URLSearchParams(body).get(place.form) ?? ""
  const found = JsonPath.get(document(body), { text: "", keys: place.json })
  return Option.getOrElse(Option.filter(found, Predicate.isString), () => "")
}

/** The request with another proof. */
export const write = (place: Place, sent: Signed, proof: string): Sent => replaced(place, sent, [proof])

/** The request with its proof changed. */
export const changed = (place: Place, sent: Signed, change: Change): Sent =>
  write(place, sent, change(read(place, sent)))

export const without = (place: Place, sent: Signed): Sent => replaced(place, sent, [])

/** The request with its proof twice; JSON has no way to write that. */
export const twice = (place: Place, sent: Signed): Option.Option<Sent> => {
  const proof = read(place, sent)
  return "json" in place ? Option.none() : Option.some(replaced(place, sent, [proof, proof]))
}

const replaced = (place: Place, sent: Signed, proofs: ReadonlyArray<string>): Sent => {
  if ("header" in place) {
    const { [place.header]: _, ...others } = sent.headers
    return { ...sent, headers: proofs.length === 0 ? others : { ...others, [place.header]: proofs } }
  }
  if ("form" in place) {
    const fields = new URLSearchParams(sent.body)
    fields.delete(place.form)
    for (const proof of proofs) fields.append(place.form, proof)
    return { ...sent, body: fields.toString() }
  }
  return { ...sent, body: JSON.stringify(put(document(sent.body), place.json, proofs[0])) }
}

const document = (body: string): unknown => Option.getOrNull(JsonBody.parse(Buffer.from(body)))

/** JSON leaves out what is undefined. */
const put = (within: unknown, [key, ...keys]: ReadonlyArray<string>, value: string | undefined): unknown => {
  if (key === undefined) return value
  if (Array.isArray(within)) {
    return within.map((element, at) => String(at) === key ? put(element, keys, value) : element)
  }
  return Predicate.isRecord(within) ? { ...within, [key]: put(within[key], keys, value) } : within
}
