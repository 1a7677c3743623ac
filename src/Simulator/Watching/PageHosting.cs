using Microsoft.AspNetCore.DataProtection;

namespace Simulator;

/// <summary>Puts the live page into the host.</summary>
internal static class PageHosting
{
    /// <summary>
    /// The page asks nobody but this host. Styles may stand in the page because plotly puts its own there, and pictures be made in it because charts are saved as such.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Adds what the page needs.</summary>
    internal static void AddPage(this WebApplicationBuilder builder, Watched watched)
    {
        // Files of the page lie where the build says; in a published folder they lie beside the program, and this does nothing.
        builder.WebHost.UseStaticWebAssets();
        builder.Services.AddSingleton(watched);
        builder.Services.AddSingleton(_ => new PageClock(() => watched.IsOver, TimeProvider.System));
        builder.Services.AddSingleton<CellViews>();
        // What an open page and its host tell each other is sealed with keys that live as long as the process: nothing is written for them.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
    }

    /// <summary>Maps the page, at the root.</summary>
    internal static void MapPage(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapRazorComponents<Watching.Page.App>().AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null);
    }

    /// <summary>Tells browsers what the page may do.</summary>
    internal static void UsePagePolicy(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            return next(context);
        });
        app.UseRouting();
        app.UseAntiforgery();
    }
}
