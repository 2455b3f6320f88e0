import { Option } from "effect"
import type { Problem } from "../Errors.ts"
import type { Condition } from "./Language.ts"
import type { Proof, Scheme } from "./Scheme.ts"
import type { Source } from "./Source.ts"
import type { Part, Template } from "./Template.ts"

/** What makes no sense in a scheme of a user's own, or is not safe, though each of its fields is well formed. */
export const problems = (scheme: Scheme): ReadonlyArray<Problem> => [
  ...scheme.proofs.flatMap((proof, index) => [...inProof(proof, `scheme.proofs.${index}`)]),
  ...amongProofs(scheme),
  ...inNames(scheme),
  ...(scheme.split && Option.isNone(scheme.only)
    ? [{ path: "scheme.split", problem: "only does not say which list of the body is to be split" }]
    : []),
  ...inHandshakes(scheme)
]

function* inProof(proof: Proof, path: string): Generator<Problem> {
  const problem = (at: string, text: string) => ({ path: `${path}.${at}`, problem: text })
  if (proof.kind === "certificate") {
    yield problem("kind", "certificates are for providers that come with the gateway, which knows their hosts")
  }
  if (proof.key.prefixRequired && proof.key.prefix === "") yield problem("key.prefix", "is required, but is not said")
  yield* inConditions(proof.when, `${path}.when`)
  if (proof.kind === "basic" || proof.kind === "none") return
  const needsEach = Option.isNone(proof.each)
  if (needsEach && proof.at.some(isItem)) {
    yield problem("at", "an item is looked for, but each does not say in which list of the body")
  }
  if (proof.at.some(isPart)) {
    yield problem("at", "a part stands in a signature, which itself stands in a header, the query or the body")
  }
  if (proof.kind === "token") {
    if (proof.at.some((source) => "query" in source)) {
      yield problem("at", "a token in the URL would be kept and shown with it; have it sent in a header")
    }
    return
  }
  for (const [index, template] of proof.content.entries()) {
    yield* inTemplate(template, proof, (text) => problem(`content.${index}`, text))
  }
  const sources = [...Option.toArray(Option.map(proof.timestamp, (_) => _.at)), ...Option.toArray(proof.id)]
  if (needsEach && sources.some(isItem)) {
    yield problem("timestamp", "an item is looked for, but each does not say in which list of the body")
  }
  if ("prefix" in proof.form) {
    if (sources.some(isPart)) yield problem("form", "is no list, so it has no parts; give separator, assign and key")
  } else if (proof.form.separator === proof.form.assign) {
    yield problem("form", "separates and assigns by the same sign, so no signature could be found")
  }
}

type Signed = Extract<Proof, { readonly content: unknown }>

function* inTemplate(template: Template, proof: Signed, problem: (text: string) => Problem): Generator<Problem> {
  if (!template.parts.some(isOfTheWebhook)) {
    yield problem(
      "holds nothing that tells one webhook from another, so one signature would fit all; {raw} is the body"
    )
  }
  if (template.parts.filter(isRaw).length > 1) yield problem("holds the body more than once")
  if (uses(template, "timestamp") && Option.isNone(proof.timestamp)) {
    yield problem("uses {timestamp}, but timestamp does not say where that stands")
  }
  if (uses(template, "id") && Option.isNone(proof.id)) {
    yield problem("uses {id}, but id does not say where that stands")
  }
  if (template.parts.some((part) => part._tag === "Placed" && isItem(part.source)) && Option.isNone(proof.each)) {
    yield problem("uses {item:…}, but each does not say in which list of the body")
  }
}

const uses = ({ parts }: Template, name: string): boolean =>
  parts.some((part) => part._tag === "Named" && part.name === name)

const isRaw = (part: Part): boolean => part._tag === "Named" && part.name === "raw"

const isOfTheWebhook = (part: Part): boolean => {
  switch (part._tag) {
    case "Text":
      return false
    case "Named":
      return ["raw", "timestamp", "id", "sorted-form", "crc32"].includes(part.name)
    case "Placed":
      return !part.orEmpty
    case "Lines":
      return true
  }
}

const isItem = (source: Source): boolean => "item" in source
const isPart = (source: Source): boolean => "part" in source

function* inConditions(when: ReadonlyArray<Condition>, path: string): Generator<Problem> {
  for (const [index, { absent, at, equals }] of when.entries()) {
    if (isPart(at) || isItem(at)) {
      yield { path: `${path}.${index}.at`, problem: "is to be seen before any signature is" }
    }
    if (absent && equals !== undefined) {
      yield { path: `${path}.${index}.absent`, problem: "and equals exclude each other" }
    }
  }
}

const amongProofs = ({ proofs }: Scheme): ReadonlyArray<Problem> =>
  proofs.flatMap((proof, index) => {
    const path = `scheme.proofs.${index}`
    if (proof.kind === "none" && proofs.length > 1) {
      return [{ path: `${path}.kind`, problem: "believes everybody, so the other proofs mean nothing" }]
    }
    // Whoever knows the public key could use it as the shared secret of another proof.
    return proof.kind === "public-key" && !proof.key.prefixRequired && proofs.some(({ kind }) => kind !== "public-key")
      ? [{ path: `${path}.key.prefixRequired`, problem: "must set public keys apart from the secrets of other proofs" }]
      : []
  })

const inNames = (scheme: Scheme): ReadonlyArray<Problem> =>
  (["dedupe", "type"] as const).flatMap((field) =>
    scheme[field].flatMap((composite, index) => {
      const problem = (text: string) => [{ path: `scheme.${field}.${index}`, problem: text }]
      if (composite.some(isItem) && Option.isNone(scheme.only)) {
        return problem("looks for an item, but only does not say in which list")
      }
      return composite.some((source) => isSecret(scheme, source))
        ? problem("holds a secret, so no event can be named by it")
        : []
    })
  )

const isSecret = ({ proofs }: Scheme, source: Source): boolean =>
  "header" in source && ["authorization", "cookie", "proxy-authorization"].includes(source.header) ||
  proofs.some((proof) => proof.kind === "token" && proof.at.some((at) => JSON.stringify(at) === JSON.stringify(source)))

const inHandshakes = ({ handshakes }: Scheme): ReadonlyArray<Problem> =>
  handshakes.flatMap(({ json, method, provenBy, text, visit, when }, index) => {
    const path = `scheme.handshakes.${index}`
    return [
      ...inConditions(when, `${path}.when`),
      ...(method === "POST" && when.length === 0
        ? [{
          path: `${path}.when`,
          problem: "holds for every webhook, of which none would be an event; name what tells the handshake"
        }]
        : []),
      ...(method !== "POST" && provenBy === "signature"
        ? [{
          path: `${path}.provenBy`,
          problem: "is a signature, which only a POST carries; say nothing or verifyToken"
        }]
        : []),
      ...(Option.isSome(visit)
        ? [{
          path: `${path}.visit`,
          problem: "is for providers that come with the gateway, which knows their hosts"
        }]
        : []),
      ...(Option.isSome(text) && Option.isSome(json)
        ? [{ path: `${path}.text`, problem: "and json exclude each other" }]
        : [])
    ]
  })
