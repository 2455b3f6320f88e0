import { Option } from "effect"
import type { Settings } from "../services/Settings.ts"

/** Where the gateway is reached from outside: as configured, else by the host that a request was sent to. */
export const of = (
  { publicBaseUrl }: Pick<typeof Settings.Service, "publicBaseUrl">,
  host: string | undefined
): string => Option.getOrElse(publicBaseUrl, () => `http://${host ?? "localhost"}`)
