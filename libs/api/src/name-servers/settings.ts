// Which name servers are asked for names that are none of the cluster's, whoever said so and in whatever form.

/** What is asked for names in a domain, as `10.0.0.1:53`. Empty: the servers of each node's machine. */
export interface StubDomain {
  /** Lower case, without the final dot. */
  domain: string;
  servers: string[];
}

export interface NameServerSettings {
  /** For all other names. Absent: the servers of each node's machine. */
  upstreams?: string[];
  /** Of several for one domain, the first counts. */
  stubs: StubDomain[];
}

export interface NameServerReading {
  settings: NameServerSettings;
  /** What stands there and does nothing here. */
  idle: string[];
}
