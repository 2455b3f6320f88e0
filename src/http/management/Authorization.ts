import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as OpenApi from "@effect/platform/OpenApi"
import { Context, Effect, Layer, Redacted } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import { Settings } from "../../services/Settings.ts"
import * as Failure from "../Failure.ts"

/** Who makes a management call. The name is the key's, never what a caller says of himself. */
export class Operator
  extends Context.Tag("sluice/http/management/Authorization/Operator")<Operator, { readonly name: string }>()
{}

/** Asks for `Authorization: Bearer {MANAGEMENT_API_KEY}`. */
export class Authorization extends HttpApiMiddleware.Tag<Authorization>()("sluice/http/management/Authorization", {
  failure: Failure.Unauthorized,
  provides: Operator,
  security: { bearer: HttpApiSecurity.annotate(HttpApiSecurity.bearer, OpenApi.Description, "MANAGEMENT_API_KEY") }
}) {
  static readonly layer = Layer.effect(
    Authorization,
    Effect.map(Settings, (settings) =>
      Authorization.of({
        bearer: (token) =>
          isKey(settings, token) ? Effect.succeed({ name: "management-key" }) : Failure.fail("unauthorized", howTo)
      }))
  )
}

export const howTo = "Send the management key as `Authorization: Bearer {MANAGEMENT_API_KEY}`."

/** Compares in constant time; as digests, whose common length tells nothing about the key's. */
export const isKey = (
  { managementApiKey }: Pick<typeof Settings.Service, "managementApiKey">,
  token: Redacted.Redacted
): boolean => timingSafeEqual(digest(token), digest(managementApiKey))

const digest = (secret: Redacted.Redacted): Buffer => createHash("sha256").update(Redacted.value(secret)).digest()
