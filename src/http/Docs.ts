import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Duration, Effect, Layer, Scope } from "effect"
import { ManagementApi } from "./management/ManagementApi.ts"

// Without what would lead to foreign hosts, of which the type knows only the fonts.
const quiet = { withDefaultFonts: false, showToolbar: "never", telemetry: false }

// Its script is several megabytes of text, in memory from when the page is asked for first, and mostly never.
const made = Effect.promise(() => import("@effect/platform/HttpApiScalar")).pipe(
  Effect.flatMap(({ layerHttpLayerRouter }) =>
    HttpLayerRouter.toHttpEffect(layerHttpLayerRouter({ api: ManagementApi, path: "/docs", scalar: quiet }))
  ),
  // The page's router is one of its own.
  Effect.provideServiceEffect(Layer.CurrentMemoMap, Layer.makeMemoMap)
)

// The page's script knows foreign hosts for fonts and trial requests; the browser is told to ask none of them.
const noForeignHosts = HttpServerResponse.setHeader(
  "content-security-policy",
  [
    "default-src 'self' 'unsafe-inline' data: blob:",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
    // Operators type the key into it.
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
  ].join("; ")
)

/** The management API as a page to read and try. */
export const route = HttpLayerRouter.use((router) =>
  Effect.gen(function*() {
    const [page, forget] = yield* Effect.cachedInvalidateWithTTL(
      Scope.extend(made, yield* Effect.scope),
      Duration.infinity
    )
    const kept = Effect.uninterruptible(Effect.tapErrorCause(page, () => forget))
    yield* router.add("GET", "/docs", Effect.map(Effect.flatten(kept), noForeignHosts))
  })
)
