using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Simulator.Cluster.Tests;

public sealed class CertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-tls-").FullName;
    private readonly X509Certificate2 _authority = Authority("the cluster's authority");
    private readonly X509Certificate2 _other = Authority("another authority");

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Nodes_with_certificates_of_their_authority_form_a_cluster_and_nobody_else_is_let_in()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync(Settings("first", _authority, trusts: _authority));
        await cluster.AddAsync(Settings("second", _authority, trusts: _authority));
        await Until.HoldsAsync(() => TestCluster.Members(first) == 2, "two members");
        Assert.Equal("akka.ssl.tcp", Akka.Cluster.Cluster.Get(first).SelfAddress.Protocol);

        // One that trusts another authority: it looks at the cluster's certificate first, and ends by itself.
        var stranger = cluster.Make(Settings("stranger", _other, trusts: _other));
        var fault = await Assert.ThrowsAsync<NodeJoinException>(() => cluster.JoinAsync(stranger));
        Assert.StartsWith("this node has ended before it was let in: TLS handshake failed on outbound connection to", fault.Message, StringComparison.Ordinal);
        await cluster.Log.SaysAsync("refused a connection with ssl.tcp://simulator@127.0.0.1", "CN=first", "is none of this cluster");

        // One that trusts the cluster, which does not trust it.
        var bothTrusted = Path.Combine(_folder, "both.pem");
        await File.WriteAllTextAsync(bothTrusted, _authority.ExportCertificatePem() + "\n" + _other.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var impostor = cluster.Make(Settings("impostor", _other, bothTrusted));
        fault = await Assert.ThrowsAsync<NodeJoinException>(() => cluster.JoinAsync(impostor, TimeSpan.FromSeconds(8)));
        Assert.True(IsOfCertificates(fault), fault.Message);
        await cluster.Log.SaysAsync("refused a connection with", "CN=impostor", "is none of this cluster");

        // One without.
        var open = cluster.Make(TestCluster.Settings());
        fault = await Assert.ThrowsAsync<NodeJoinException>(() => cluster.JoinAsync(open, TimeSpan.FromSeconds(8)));
        Assert.EndsWith("and of a cluster without certificates, as this one?", fault.Message, StringComparison.Ordinal);

        Assert.Equal((2, 0), (TestCluster.Members(first), Akka.Cluster.Cluster.Get(first).State.Unreachable.Count));
        Assert.Equal(2, Akka.Cluster.Cluster.Get(first).State.Members.Count);
        Assert.False(first.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task A_node_with_a_certificate_does_not_join_a_cluster_without()
    {
        await using var cluster = new TestCluster();
        await cluster.AddAsync();
        var node = cluster.Make(Settings("node", _authority, trusts: _authority));
        var fault = await Assert.ThrowsAsync<NodeJoinException>(() => cluster.JoinAsync(node, TimeSpan.FromSeconds(20)));
        Assert.True(IsOfCertificates(fault), fault.Message);
        Assert.Equal(1, TestCluster.Members(cluster.First));
    }

    [Fact]
    public void A_certificate_that_the_others_would_refuse_is_refused_at_the_start()
    {
        Assert.Contains("is none that nodes which trust", Fault(() => Settings("stranger", _other, trusts: _authority)), StringComparison.Ordinal);
        Assert.Contains("is none that nodes which trust", Fault(() => Settings("late", _authority, trusts: _authority, ends: Now.AddDays(-1))), StringComparison.Ordinal);
        Assert.Contains("is none that nodes which trust", Fault(() => Settings("server", _authority, trusts: _authority, uses: ["1.3.6.1.5.5.7.3.1"])), StringComparison.Ordinal);

        var (pfx, pem) = (Node("node", _authority), Pem(_authority));
        Assert.StartsWith($"the certificate {pfx} cannot be read: ", Fault(() => TestCluster.Settings(("TLS_CERTIFICATE", pfx), ("TLS_PASSWORD", "wrong"), ("TLS_AUTHORITY", pem))), StringComparison.Ordinal);
        Assert.StartsWith($"the certificate {pfx}x cannot be read: ", Fault(() => TestCluster.Settings(("TLS_CERTIFICATE", pfx + "x"), ("TLS_AUTHORITY", pem))), StringComparison.Ordinal);
        Assert.StartsWith($"the certificate of the authority, {pem}x, cannot be read: ", Fault(() => TestCluster.Settings(("TLS_CERTIFICATE", pfx), ("TLS_PASSWORD", Password), ("TLS_AUTHORITY", pem + "x"))), StringComparison.Ordinal);
        Assert.Equal($"{pfx} has no certificate: a PEM file with that of the authority is needed", Fault(() => TestCluster.Settings(("TLS_CERTIFICATE", pfx), ("TLS_PASSWORD", Password), ("TLS_AUTHORITY", pfx))));
    }

    private const string Password = "a password of the tests";

    /// <summary>Whether the handshake failed on this side, or the other side hung up, which of the two sees it first being a matter of chance.</summary>
    private static bool IsOfCertificates(NodeJoinException fault) =>
        fault.Message.Contains("TLS handshake failed", StringComparison.Ordinal) || fault.Message.EndsWith("and of a cluster with certificates, as this one?", StringComparison.Ordinal);

    private static string Fault(Func<object> make) => Assert.Throws<NodeSettingsException>(make).Message;

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request.CreateSelfSigned(Now.AddDays(-10), Now.AddDays(10));
    }

    private NodeSettings Settings(string name, X509Certificate2 signer, X509Certificate2 trusts, DateTimeOffset? ends = null, string[]? uses = null) =>
        TestCluster.Settings(("TLS_CERTIFICATE", Node(name, signer, ends, uses)), ("TLS_PASSWORD", Password), ("TLS_AUTHORITY", Pem(trusts)));

    private NodeSettings Settings(string name, X509Certificate2 signer, string trusted) =>
        TestCluster.Settings(("TLS_CERTIFICATE", Node(name, signer)), ("TLS_PASSWORD", Password), ("TLS_AUTHORITY", trusted));

    private string Pem(X509Certificate2 authority)
    {
        var path = Path.Combine(_folder, $"{authority.Thumbprint}.pem");
        File.WriteAllText(path, authority.ExportCertificatePem());
        return path;
    }

    private string Node(string name, X509Certificate2 signer, DateTimeOffset? ends = null, string[]? uses = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. (uses ?? ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]).Select(u => new Oid(u))], critical: false));
        using var signed = request.Create(signer, Now.AddDays(-5), ends ?? Now.AddDays(5), [1, .. RandomNumberGenerator.GetBytes(8)]);
        using var whole = signed.CopyWithPrivateKey(key);
        var path = Path.Combine(_folder, $"{name}.pfx");
        File.WriteAllBytes(path, whole.Export(X509ContentType.Pkcs12, Password));
        return path;
    }
}
