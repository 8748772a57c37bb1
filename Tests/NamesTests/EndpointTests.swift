import Testing

@testable import Names

@Suite struct EndpointTests {
  @Test(arguments: [
    ("https://10.0.0.11:2379", "10.0.0.11", 2379, "https://10.0.0.11:2379"),
    ("https://10.0.0.11", "10.0.0.11", 2379, "https://10.0.0.11:2379"),
    ("https://10.0.0.11:2379/", "10.0.0.11", 2379, "https://10.0.0.11:2379"),
    ("HTTPS://Etcd-1.Example.COM:443", "etcd-1.example.com", 443, "https://etcd-1.example.com:443"),
    ("https://etcd_1:02379", "etcd_1", 2379, "https://etcd_1:2379"),
    ("https://[::1]:2379", "::1", 2379, "https://[::1]:2379"),
    ("https://[2001:DB8:0:0::1]", "2001:db8::1", 2379, "https://[2001:db8::1]:2379"),
    ("https://[::ffff:10.0.0.1]:65535", "::ffff:10.0.0.1", 65535, "https://[::ffff:10.0.0.1]:65535"),
    ("https://10.0.0.1.nip.io", "10.0.0.1.nip.io", 2379, "https://10.0.0.1.nip.io:2379"),
  ]) func isReadAndWritten(url: String, host: String, port: Int, written: String) throws {
    let endpoint = try Endpoint(url)
    #expect(endpoint.host == host)
    #expect(endpoint.port == port)
    #expect(endpoint.description == written)
    #expect(try Endpoint(written) == endpoint)
  }

  @Test func knowsAnAddressFromAName() throws {
    #expect(try Endpoint("https://10.0.0.1").isIPv4)
    #expect(try Endpoint("https://[::1]").isIPv6)
    let name = try Endpoint("https://localhost")
    #expect(!name.isIPv4 && !name.isIPv6)
    #expect(try !Endpoint("https://[::1]").isIPv4)
  }

  @Test(arguments: [
    ("", "is not a URL"), ("10.0.0.11:2379", "is not a URL"), ("https:/10.0.0.11", "is not a URL"),
    ("http://10.0.0.11:2379", "is not an https URL"), ("unixs://a", "is not an https URL"),
    ("ftp://a", "is not an https URL"), (" https://a", "is not an https URL"),
    ("https://", "has no valid host"), ("https://:2379", "has no valid host"),
    ("https:///", "has no valid host"),
    ("https://a b", "has no valid host"), ("https://-a", "has no valid host"),
    ("https://a..b", "has no valid host"),
    ("https://a.", "has no valid host"), ("https://ä", "has no valid host"),
    ("https://*.example.com", "has no valid host"),
    ("https://999.0.0.1", "has no valid host"), ("https://10.0.0", "has no valid host"),
    ("https://1", "has no valid host"),
    ("https://::1", "has no valid host"), ("https://[::1", "has no valid host"),
    ("https://[10.0.0.1]", "has no valid host"),
    ("https://[:::]", "has no valid host"), ("https://[::1]2379", "has no valid host"),
    ("https://[fe80::1%eth0]", "has no valid host"),
    ("https://a\u{0}b", "has no valid host"), ("https://[::1\u{0}]", "has no valid host"),
    ("https://a:", "has no valid port"), ("https://a:0", "has no valid port"),
    ("https://a:65536", "has no valid port"),
    ("https://a:-1", "has no valid port"), ("https://a:+2379", "has no valid port"),
    ("https://a:x", "has no valid port"),
    ("https://a:2379:2380", "has no valid port"), ("https://a:99999999999999999999", "has no valid port"),
    ("https://a:٢٣٧٩", "has no valid port"),
    ("https://a:2379/v3", "contains a path, a query or a fragment"),
    ("https://a//", "contains a path, a query or a fragment"),
    ("https://a?x", "contains a path, a query or a fragment"),
    ("https://root:secret@a", "contains a user name"),
  ]) func isRefused(url: String, problem: String) throws {
    let error = try #require(throws: EndpointError.self) { try Endpoint(url) }
    #expect(error.problem == problem)
    #expect(error.hint?.isEmpty == false)
  }
}
