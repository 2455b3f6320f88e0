import { effect, it, layer, live, scoped, scopedLive } from "@effect/vitest"

// `layer` puts its own `effect` and `scoped` onto the `it` that all suites of a worker share: each file begins with the plain ones.
Object.assign(it, { effect, layer, live, scoped, scopedLive })
