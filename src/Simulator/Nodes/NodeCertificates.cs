using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Simulator;

/// <summary>
/// The certificate of a node, and the authority that signs those of all nodes of its cluster. Both sides of a connection show theirs; what the machine trusts besides counts for nothing.
/// </summary>
internal sealed class NodeCertificates
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _authorities;

    private NodeCertificates(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        _certificate = certificate;
        _authorities = authorities;
    }

    /// <summary>What the actor system needs to use them.</summary>
    internal DotNettySslSetup Setup => new(_certificate, suppressValidation: false, requireMutualAuthentication: true, Validate);

    /// <summary>Reads the files.</summary>
    /// <param name="certificate">PKCS #12 file with certificate and private key.</param>
    /// <param name="password">Its password; null for none.</param>
    /// <param name="authority">PEM file with the certificate of the authority; those of authorities below it may be in it, too.</param>
    /// <exception cref="NodeSettingsException">They cannot be read, or do not go together.</exception>
    internal static NodeCertificates Read(string certificate, string? password, string authority)
    {
        var authorities = new X509Certificate2Collection();
        X509Certificate2 own;
        try
        {
            own = X509CertificateLoader.LoadPkcs12FromFile(certificate, password);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new NodeSettingsException($"the certificate {certificate} cannot be read: {fault.Message}", fault);
        }

        try
        {
            authorities.ImportFromPemFile(authority);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new NodeSettingsException($"the certificate of the authority, {authority}, cannot be read: {fault.Message}", fault);
        }

        var read = new NodeCertificates(own, authorities);
        return authorities.Count == 0 ? throw new NodeSettingsException($"{authority} has no certificate: a PEM file with that of the authority is needed")
            : !own.HasPrivateKey ? throw new NodeSettingsException($"{certificate} has no private key")
            : read.WhyNot(own, null) is { } why ? throw new NodeSettingsException($"the certificate {certificate} is none that nodes which trust {authority} let in: {why}")
            : read;
    }

    /// <summary>Why a certificate is none of this cluster's nodes; null where it is one.</summary>
    internal string? WhyNot(X509Certificate2 certificate, X509Chain? shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerUse));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientUse));
        foreach (var authority in _authorities)
        {
            (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? chain.ChainPolicy.CustomTrustStore : chain.ChainPolicy.ExtraStore).Add(authority);
        }

        if (shown is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(shown.ChainPolicy.ExtraStore);
        }

        return chain.Build(certificate) ? null : string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct(StringComparer.Ordinal));
    }

    private bool Validate(X509Certificate2? certificate, X509Chain? chain, string peer, SslPolicyErrors errors, ILoggingAdapter log)
    {
        var why = certificate is null ? "it showed none" : WhyNot(certificate, chain);
        if (why is not null)
        {
            log.Warning("refused a connection with {0}: its certificate ({1}) is none of this cluster: {2}", peer, certificate?.Subject ?? "none", why);
        }

        return why is null;
    }
}
