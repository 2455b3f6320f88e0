import { Option } from "effect"
import type { Settings } from "../services/Settings.ts"

/** Where the gateway is reached from outside: as configured, else as this request reached it. */
export const of = (
  { publicBaseUrl }: Pick<typeof Settings.Service, "publicBaseUrl">,
  request: { readonly headers: Readonly<Record<string, string | undefined>> }
): string => Option.getOrElse(publicBaseUrl, () => `http://${request.headers["host"] ?? "localhost"}`)
