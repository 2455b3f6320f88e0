import { Option } from "effect"
import type { Problem } from "../Errors.ts"
import type { Proof, Scheme } from "./Scheme.ts"
import type { Source } from "./Source.ts"
import type { Template } from "./Template.ts"

/** What makes no sense in a scheme of a user's own, though each of its fields is well formed. */
export const problems = (scheme: Scheme): ReadonlyArray<Problem> => [
  ...scheme.proofs.flatMap((proof, index) => [...inProof(proof, `scheme.proofs.${index}`)]),
  ...inNames(scheme),
  ...inHandshakes(scheme)
]

function* inProof(proof: Proof, path: string): Generator<Problem> {
  const problem = (at: string, text: string) => ({ path: `${path}.${at}`, problem: text })
  if (proof.kind === "certificate") {
    yield problem("kind", "certificates are for providers that come with the gateway, which knows their hosts")
  }
  if (proof.kind === "basic" || proof.kind === "none") return
  const isItem = proof.at.some((source) => "item" in source)
  if (isItem && Option.isNone(proof.each)) {
    yield problem("at", "an item is looked for, but each does not say in which list of the body")
  }
  if (proof.at.some((source) => "part" in source)) {
    yield problem("at", "a part stands in a signature, which itself stands in a header, the query or the body")
  }
  if (proof.kind === "token") return
  for (const [index, template] of proof.content.entries()) {
    const at = `content.${index}`
    if (!template.parts.some((part) => part._tag !== "Text")) {
      yield problem(at, "holds nothing of the request, so one signature would fit all; {raw} is the body")
    }
    if (uses(template, "timestamp") && Option.isNone(proof.timestamp)) {
      yield problem(at, "uses {timestamp}, but timestamp does not say where that stands")
    }
    if (uses(template, "id") && Option.isNone(proof.id)) {
      yield problem(at, "uses {id}, but id does not say where that stands")
    }
    if (template.parts.some((part) => part._tag === "Placed" && "item" in part.source) && Option.isNone(proof.each)) {
      yield problem(at, "uses {item:…}, but each does not say in which list of the body")
    }
  }
  const parts = [...Option.toArray(Option.map(proof.timestamp, (_) => _.at)), ...Option.toArray(proof.id)]
  if ("prefix" in proof.form && parts.some((source) => "part" in source)) {
    yield problem("form", "is no list, so it has no parts; give separator, assign and key")
  }
}

const uses = ({ parts }: Template, name: string): boolean =>
  parts.some((part) => part._tag === "Named" && part.name === name)

const inNames = ({ dedupe, only, type }: Scheme): ReadonlyArray<Problem> => {
  const isItem = (source: Source) => "item" in source
  const fields = { dedupe, type }
  return (["dedupe", "type"] as const).flatMap((field) =>
    fields[field].flatMap((composite, index) =>
      composite.some(isItem) && Option.isNone(only)
        ? [{ path: `scheme.${field}.${index}`, problem: "looks for an item, but only does not say in which list" }]
        : []
    )
  )
}

const inHandshakes = ({ handshakes }: Scheme): ReadonlyArray<Problem> =>
  handshakes.flatMap(({ json, method, text, visit, when }, index) => {
    const problem = (at: string, text: string) => ({ path: `scheme.handshakes.${index}.${at}`, problem: text })
    return [
      ...(method === "POST" && when.length === 0
        ? [problem("when", "holds for every webhook, of which none would be an event; name what tells the handshake")]
        : []),
      ...(Option.isSome(visit)
        ? [problem("visit", "is for providers that come with the gateway, which knows their hosts")]
        : []),
      ...(Option.isSome(text) && Option.isSome(json) ? [problem("text", "and json exclude each other")] : [])
    ]
  })
