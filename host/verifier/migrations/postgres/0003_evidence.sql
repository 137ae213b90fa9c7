-- A key has several evidences until one of them is admitted.
ALTER TABLE keys DROP CONSTRAINT keys_gateway_address_key;
ALTER TABLE keys ADD UNIQUE (gateway, address, challenge_hash);
