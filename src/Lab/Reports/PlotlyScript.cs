namespace Simulator.Lab.Reports;

/// <summary>The plotly.js that Plotly.NET brings along, as the text of a script element.</summary>
internal static class PlotlyScript
{
    /// <summary>The library.</summary>
    /// <exception cref="InvalidOperationException">This version of Plotly.NET has none, or one that would end its script element.</exception>
    internal static string Text
    {
        get
        {
            var assembly = typeof(Plotly.NET.Trace).Assembly;
            var name = Array.Find(assembly.GetManifestResourceNames(), n => n.Contains("plotly-", StringComparison.Ordinal) && n.EndsWith(".min.js", StringComparison.Ordinal))
                ?? throw new InvalidOperationException("Plotly.NET holds no plotly.js");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            var text = reader.ReadToEnd();
            return text.Contains("</script", StringComparison.OrdinalIgnoreCase) ? throw new InvalidOperationException("plotly.js cannot stand within a page") : text;
        }
    }
}
