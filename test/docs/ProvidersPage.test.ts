import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { page } from "../../scripts/ProvidersPage.ts"

describe("docs/providers.md", () => {
  it("is what the providers' records say; npm run docs writes it anew", () => {
    const written = readFileSync(new URL("../../docs/providers.md", import.meta.url), "utf8")
    assert.strictEqual(written, page)
  })
})
