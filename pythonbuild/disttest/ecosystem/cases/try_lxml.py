"""The wheel brings libxml2 and libxslt; the standard library's expat reads the same text."""

import xml.etree.ElementTree as StandardTree

from lxml import etree, html

document = etree.fromstring("<shelf><book year='1815'>Emma</book><book year='1847'>Jane Eyre</book></shelf>")
assert document.xpath("//book[@year < 1830]/text()") == ["Emma"]
style = etree.XSLT(
    etree.XML("""
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="text"/>
  <xsl:template match="/shelf"><xsl:value-of select="count(book)"/>:<xsl:value-of select="sum(book/@year)"/>
  </xsl:template>
</xsl:stylesheet>""")
)
assert str(style(document)).strip() == "2:3662"
assert html.fromstring("<p>one<p>two").xpath("//p/text()") == ["one", "two"]
schema = etree.XMLSchema(
    etree.XML("""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="shelf" type="xs:int"/></xs:schema>""")
)
assert schema.validate(etree.XML("<shelf>7</shelf>"))
assert not schema.validate(document)
assert [book.text for book in StandardTree.fromstring(etree.tostring(document))] == ["Emma", "Jane Eyre"]
