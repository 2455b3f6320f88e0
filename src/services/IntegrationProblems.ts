import { Array, Option } from "effect"
import type { Problem } from "../domain/Errors.ts"
import type { IntegrationInput, IntegrationPatch } from "../domain/Integration.ts"
import { type Choice, providers, schemeOf } from "../domain/providers/Providers.ts"
import { type Scheme, secretHeaders } from "../domain/verification/Scheme.ts"
import * as SchemeProblems from "../domain/verification/SchemeProblems.ts"
import * as SecretShape from "../domain/verification/SecretShape.ts"
import * as SealedHeaders from "./SealedHeaders.ts"

/** What is wrong with a new integration. */
export const ofInput = (input: IntegrationInput): ReadonlyArray<Problem> => {
  const { provider } = input
  const options = input.options ?? {}
  const fixed = ofOptions(provider, options)
  if (provider === "custom" && input.scheme === undefined) {
    return [...fixed, { path: "scheme", problem: "is missing; the provider custom is what its scheme says" }]
  }
  const chosen = { provider, options, scheme: input.scheme ?? null }
  return [
    ...fixed,
    ...ofScheme(provider, input.scheme),
    ...ofVerifyToken(schemeOf(chosen), input.verifyToken),
    ...ofSecrets(schemeOf(chosen), input.secrets),
    ...ofNames(chosen, input)
  ]
}

/** What is wrong with options for a provider. */
export const ofOptions = (provider: Choice["provider"], options: Choice["options"]): ReadonlyArray<Problem> => {
  const reads = provider === "custom" ? [] : providers[provider].reads
  return Object.keys(options).filter((name) => !Array.contains(reads, name)).map((name) => ({
    path: `options.${name}`,
    problem: `the provider ${provider} leaves no choice of this`
  }))
}

/** What is wrong with a scheme that is given to a provider. */
export const ofScheme = (provider: Choice["provider"], scheme: Scheme | undefined): ReadonlyArray<Problem> => {
  if (scheme === undefined) return []
  return provider === "custom"
    ? SchemeProblems.problems(scheme)
    : [{ path: "scheme", problem: `the provider ${provider} has its own; "custom" takes one` }]
}

/** What is wrong with secrets under a scheme. */
export const ofSecrets = (scheme: Scheme, secrets: IntegrationInput["secrets"]): ReadonlyArray<Problem> => {
  const shape = SecretShape.describe(scheme)
  if (secrets.length === 0 && Option.isSome(shape)) {
    return [{ path: "secrets", problem: `is missing; this provider needs ${shape.value}` }]
  }
  return secrets.flatMap((secret, index) =>
    Option.toArray(SecretShape.problem(scheme, secret)).map((problem) => ({ path: `secrets.${index}`, problem }))
  )
}

/** What is wrong with a verify token under a scheme. */
export const ofVerifyToken = (
  { handshakes }: Scheme,
  token: IntegrationPatch["verifyToken"]
): ReadonlyArray<Problem> =>
  token === undefined || token === null || handshakes.some(({ provenBy }) => typeof provenBy === "object")
    ? []
    : [{ path: "verifyToken", problem: "is of no use: this provider's requests carry none" }]

/** What is wrong with naming events by headers: their names stand in plain columns and in answers. */
export const ofNames = (
  chosen: Choice,
  names: Pick<IntegrationPatch, "dedupe" | "eventType">
): ReadonlyArray<Problem> => {
  const secret = SealedHeaders.names(secretHeaders(schemeOf(chosen)))
  return (["dedupe", "eventType"] as const).flatMap((field) => {
    const override = names[field] ?? undefined
    return override !== undefined && "header" in override && secret.includes(override.header)
      ? [{ path: `${field}.header`, problem: "carries a secret, so no event can be named by it" }]
      : []
  })
}
