-- The scheme of an integration whose provider is "custom".
ALTER TABLE integrations ADD COLUMN scheme jsonb;
ALTER TABLE integrations ADD CONSTRAINT integrations_custom_scheme CHECK (provider <> 'custom' OR scheme IS NOT NULL);

-- The text that the user chose at a provider whose handshake asks for one: an AES-256-GCM envelope under the place
-- verify-token:{id}.
ALTER TABLE integrations ADD COLUMN verify_token_envelope text;
