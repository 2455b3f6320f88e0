import { writeFileSync } from "node:fs"
import { page } from "./ProvidersPage.ts"

writeFileSync(new URL("../docs/providers.md", import.meta.url), page)
