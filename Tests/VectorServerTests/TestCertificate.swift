import NIOSSL

/// A certificate for localhost that signs itself, and its key, made for these tests only; valid from 2000 to 2125.
enum TestCertificate {
  private static let chain = """
    MIIBaDCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
    c3QwIBcNMDAwMTAxMDAwMDAwWhgPMjEyNjAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
    CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAsFSJ7VoW6t3tXW
    gaMDWvToUbKcGTozpn/yu9ZxKsfTc+6km9kDe1kHXv5XVowQ0mjEiUI4qIsWQ6eH
    GuoqqPyjTjBMMB0GA1UdDgQWBBSa29kIOd+/vJzQtv0M/xgNnyBWoTAPBgNVHRMB
    Af8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAKBggqhkjOPQQD
    AgNJADBGAiEAjBIyQv16HZ6URdJKRCj3l026cWiEymv2BrhTgLrG3l8CIQDurG3i
    UW2v4DCSztdOX3787NI69OHSqad4vpsDxQr5KQ==
    """
  private static let secret = """
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPraypchKd0O/xe7T
    VbNaObLDtB3vGNjst+HKcdCdiCyhRANCAAQLBUie1aFurd7V1oGjA1r06FGynBk6
    M6Z/8rvWcSrH03PupJvZA3tZB17+V1aMENJoxIlCOKiLFkOnhxrqKqj8
    """

  static var chainPEM: String { pem("CERTIFICATE", chain) }
  static var keyPEM: String { pem("PRIVATE KEY", secret) }

  private static func pem(_ kind: String, _ base64: String) -> String {
    "-----BEGIN \(kind)-----\n\(base64)\n-----END \(kind)-----\n"
  }

  static func serverContext() throws -> NIOSSLContext {
    try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMBytes(Array(chainPEM.utf8)).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem))))
  }

  /// A client that takes the server's certificate on faith.
  static func clientContext() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    return try NIOSSLContext(configuration: configuration)
  }
}
