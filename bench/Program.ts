import { fileURLToPath } from "node:url"

const built = new URL("../dist/bench/", import.meta.url)

/** The path of a built program of the bench. */
export const program = (path: string): string => fileURLToPath(new URL(path, built))
