using Npgsql;
using Simulator.Compute;

namespace Simulator.Lab.Tests.Postgres;

/// <summary>Where a database is, and that nobody hears its password.</summary>
[Collection(PostgresServer.Collection)]
public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("postgres://me:se%3Bcr%40t@db.example:6000/checks?sslmode=require", "db.example", 6000, "me", "se;cr@t", "checks")]
    [InlineData("postgresql://me@db.example", "db.example", 5432, "me", null, null)]
    [InlineData("postgres://me:x@/checks?host=/run/here&connect_timeout=7", "/run/here", 5432, "me", "x", "checks")]
    [InlineData("postgres:///checks?host=/run/here", "/run/here", 5432, null, null, "checks")]
    [InlineData("Host=db.example;Port=6000;Username=me;Password='se;cret';Database=checks", "db.example", 6000, "me", "se;cret", "checks")]
    public void Both_forms_of_an_address_are_read(string text, string host, int port, string? user, string? password, string? database)
    {
        var read = StoreAddress.Parse(text);
        Assert.Equal((host, port, user, password, database), (read.Host, read.Port, read.Username, read.Password, read.Database));
        Assert.Equal(text.Contains("connect_timeout", StringComparison.Ordinal) ? 7 : 5, read.Timeout);
        Assert.Equal(text.Contains("sslmode", StringComparison.Ordinal) ? SslMode.Require : SslMode.Prefer, read.SslMode);
    }

    [Theory]
    [InlineData("s3cret")]
    [InlineData("mysql://me:s3cret@db.example/checks")]
    [InlineData("postgres://me:s3cret@db.example:port/checks")]
    [InlineData("postgres://me:s3cret@db.example/checks?s3cret=1")]
    [InlineData("postgres://me:s3cret@/checks")]
    [InlineData("Host=db.example;Port=s3cret")]
    [InlineData("Password=s3cret")]
    public void What_is_no_address_is_refused_without_being_quoted(string text) =>
        Assert.DoesNotContain("s3cret", Assert.Throws<StoreAddressException>(() => StoreAddress.Parse(text)).ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_run_that_is_not_told_where_the_database_is_does_not_begin()
    {
        using var folder = new TemporaryFolder();
        var fault = Assert.Throws<StoreAddressException>(
            () => PopulationRun.Prepare(TemporaryFolder.Plan("checkpoint: { store: postgres }"), ComputeDevice.Cpu, folder["run"], TimeProvider.System));
        Assert.Contains("SIMULATOR_STORE does not say", fault.Message, StringComparison.Ordinal);
        RunFolder.Check(folder["run"]);
    }
}
